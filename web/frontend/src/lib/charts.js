// Draws series with ECharts as SVG, in the colours of tokens.css; loaded by <chart-view> only.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

// Colour is never the only sign: each series has its own marker and its own dash.
const MARKERS = ["circle", "rect", "triangle", "diamond"];
const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3]];

// Nothing but zeros would be a scale from 0 to 0, and a chart that looks as if it had failed.
function scale({ series, min, max }) {
  const given = series.flatMap(({ values }) => values).filter((value) => value !== null);
  return given.length > 0 && given.every((value) => value === 0) ? { min: min ?? 0, max: max ?? 1 } : { min, max };
}

export function draw(place, { kind, categories, series, min, max, target, targetName }) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(name).trim();
  const font = { color: colour("--muted"), fontFamily: style.fontFamily, fontSize: 12 };
  const colours = [colour("--primary"), colour("--l1"), colour("--l2"), colour("--l3")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const chart = init(place, null, { renderer: "svg" });
  const line = target === undefined ? undefined : {
    silent: true,
    symbol: "none",
    animation: false,
    lineStyle: { color: colour("--danger-bar"), type: "dashed" },
    label: { ...font, color: colour("--text"), formatter: targetName, position: "insideEndTop" },
    data: [{ yAxis: target }],
  };
  chart.setOption({
    animation: !calm,
    animationDuration: 300,
    color: colours,
    textStyle: font,
    grid: { left: 8, right: 16, top: series.length > 1 ? 36 : 16, bottom: 4, containLabel: true },
    legend: series.length > 1 ? { top: 0, left: 0, textStyle: { ...font, color: colour("--text") } } : undefined,
    // Drawn into the SVG: as HTML it would carry inline styles, which the page's policy forbids.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("--toast"),
      borderWidth: 0,
      textStyle: { ...font, color: colour("--on-toast") },
      axisPointer: { type: "line", lineStyle: { color: colour("--line-strong") } },
    },
    xAxis: {
      type: "category",
      data: categories,
      boundaryGap: kind === "bar",
      axisLine: { lineStyle: { color: colour("--line-strong") } },
      axisTick: { show: false },
      axisLabel: { ...font, hideOverlap: true },
    },
    yAxis: { type: "value", ...scale({ series, min, max }), axisLabel: font, splitLine: { lineStyle: { color: colour("--line") } } },
    series: series.map(({ name, values }, index) => ({
      name,
      type: kind,
      data: values,
      connectNulls: false,
      symbol: MARKERS[index % MARKERS.length],
      symbolSize: 8,
      barMaxWidth: 32,
      lineStyle: { width: 2, type: DASHES[index % DASHES.length] },
      markLine: index === 0 ? line : undefined,
    })),
  });
  return chart;
}
