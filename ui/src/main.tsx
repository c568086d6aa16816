import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/pages.css";
import { render } from "preact";
import { App } from "./app";
import { followLinks } from "./router";
import { applyTheme } from "./theme";

applyTheme();
followLinks();
const root = document.getElementById("root");
if (root) render(<App />, root);
