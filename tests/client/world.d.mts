/* What tests/browser/world.mjs gives. */
export interface World {
	api: string;
	tokens: Record<string, string>;
	names: Set<string>;
	steward(...args: string[]): Promise<{ stdout: string; stderr: string }>;
	close(): Promise<void>;
}
export function openWorld(customers?: number, settings?: Record<string, string> | ((dir: string) => Record<string, string>)): Promise<World>;
