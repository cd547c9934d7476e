/* The charts: whole numbers, brought up to date in their canvases, so that nothing flickers. */

// There is no half message, however few there are.
Chart.defaults.set("scales.linear", { ticks: { precision: 0 } });

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "channels-values") {
    return;
  }
  for (const value of document.querySelectorAll("#channels-values [data-chart]")) {
    const canvas = document.querySelector(`#chart-${value.dataset.chart} canvas`);
    const chart = canvas && Chart.getChart(canvas);
    if (chart) {
      const data = JSON.parse(value.value);
      chart.data.labels = data.labels;
      data.datasets.forEach((dataset, index) => {
        chart.data.datasets[index].data = dataset.data;
      });
      chart.update("none");
    }
  }
});
