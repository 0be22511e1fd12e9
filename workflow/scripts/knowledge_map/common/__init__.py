"""What every step uses and no step owns: errors and their words, files and checksums, items, jobs, progress, devices, the hub."""
