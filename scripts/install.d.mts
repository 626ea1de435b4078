export declare function installForStart(): Promise<void>;
export declare function installForTest(): Promise<void>;
export declare function log(text: string): void;
