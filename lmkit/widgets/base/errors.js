// What can go wrong in a reader's hands.

/** What a reader can put right: the lab shows the message and goes on. */
export class LabError extends Error {
  name = "LabError";
}
