// The beginning: unpack the data, then start the parts.

(async () => {
  await data.read();
  places.index();
  map.start();
  panel.start();
  search.start();
  controls.start();
  quiz.start();
  document.body.dataset.state = "ready";
})();
