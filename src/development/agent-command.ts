/** What the viewer asks an app for: the answer of `GET /agent/commands` is a list of them. */
export interface AgentCommand {
  /** A number that grows from one command to the next. */
  readonly id: number;
  /** Records a profile of the next unit of work. */
  readonly type: "profile";
  readonly kind: "cpu" | "allocation";
  /** The name of the unit of work: `GET /orders/:id`; undefined: any. */
  readonly name?: string | undefined;
}
