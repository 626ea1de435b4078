export declare const root: string;
export declare function installedNode(name: "node22" | "node24" | "node26"): string | undefined;
export declare function buildNode(): string | undefined;
export declare function environmentOf(node: string): NodeJS.ProcessEnv;
