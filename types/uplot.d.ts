// Staticfiles serves uPlot under /static/uplot/, where no file of this repository lies; its types come from the package.
declare module "*/uplot/uPlot.esm.js" {
  import uPlot from "uplot";
  export default uPlot;
}
