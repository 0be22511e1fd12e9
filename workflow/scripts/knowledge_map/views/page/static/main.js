// The beginning: unpack the data, then start the parts.

(async () => {
  await data.read();
  places.index();
  shade.measure();
  view.measure();
  labels.start();
  theme.start();
  map.start();
  coloring.start();
  map.appear();
  panel.start();
  search.start();
  selection.start();
  controls.start();
  if (data.questions.length) quiz.start();
  keep.start();
  document.body.dataset.state = "ready";
})();
