export declare const root: string;
export type NodeName = "node20" | "node22" | "node24" | "node26";
export declare function installedNode(name: NodeName): string | undefined;
export declare function buildNode(): string | undefined;
export declare function environmentOf(node: string): NodeJS.ProcessEnv;
