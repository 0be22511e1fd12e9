"""The cluster, started once, and the finished project of the workflow tests to compare with."""
