/** Reports what is wrong at a place of a file. Contains no secret. */
export type ReportProblem = (
  place: { readonly line: number; readonly path: string },
  problem: string,
) => void;
