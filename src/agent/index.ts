export { Agent, type ActionResult, type CheckResult, type RegisterResult } from './agent.js';
export { type EntryView, type OwnEntry } from './entries.js';
export { type Findings, type FoundMatch } from './findings.js';
export { fingerprintDocument, type FingerprintedDocument } from './fingerprinting.js';
export { createHome, homePaths, openHome, type MemberConfig, type OpenHome } from './home.js';
export { type MadeReceipt } from './receipt.js';
export { type RegisterProgress } from './register.js';
export { type Following } from './ledger-copy.js';
export { type WatchEvent } from './watch.js';
