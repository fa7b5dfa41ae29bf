/* What tests/browser/world.mjs gives. */
export interface World {
	api: string;
	tokens: Record<string, string>;
	names: Set<string>;
	close(): Promise<void>;
}
export function openWorld(customers?: number): Promise<World>;
