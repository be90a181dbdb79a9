/**
 * What people found out about a match: `same` document or deal, `different` ones, or `authorised`: the same, and known
 * to be in order (a syndicate, an assignment). Kept by this member alone; to the ledger a match stays a match.
 */
export const RESOLUTIONS = ['same', 'different', 'authorised'] as const;
export type ResolutionKind = (typeof RESOLUTIONS)[number];
