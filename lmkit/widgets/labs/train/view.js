import { LabView, widgetOf } from "../../base/view.js";
class TrainView extends LabView {
  update() {}
}
export default widgetOf(TrainView);
