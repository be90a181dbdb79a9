export { engagement, type ActionResult } from './act.js';
export { Agent, type AgentOptions } from './agent.js';
export { type AuditNote, type AuditProblem, type AuditRecord, type AuditReport } from './audit-log.js';
export { type Agreement } from './agreement.js';
export { type ShownFingerprint } from './carry.js';
export { CARD_MAX_BYTES, makeCard, verifyCard, type CardTrust, type MemberCard } from './card.js';
export { capacityJson, drawJson } from './capacity-json.js';
export { type CapacityReport, type DrawableEntry, type DrawView } from './capacity.js';
export { type CheckResult } from './check.js';
export { type DrawOptions, type DrawProgress, type DrawResult } from './draw.js';
export { type ShownEntry } from './entry-views.js';
export { isLive, type EntryView, type OwnEntry, type PayloadView } from './entries.js';
export { type Findings, type FoundMatch } from './findings.js';
export { fingerprintDocument, type FingerprintedDocument } from './fingerprinting.js';
export { backupMember, restoreMember } from './backup.js';
export { type Recovered } from './recover.js';
export { acceptCertificate, requestMembership, requestRenewal, type Enrolment } from './enrolment.js';
export { createHome, homePaths, openHome, type MemberConfig, type OpenHome } from './home.js';
export { type MatchDecision, type MatchView, type Resolution } from './matches.js';
export { RESOLUTIONS, type ResolutionKind } from './resolutions.js';
export { type PrivacyConfig } from './privacy.js';
export { readPrivacy, writePrivacy } from './privacy-settings.js';
export { DOCUMENT_MAX_BYTES, parseDocument, type ParsedDocument } from './reading.js';
export { type MadeReceipt } from './receipt.js';
export { checkReceipt, type WitnessDemand } from './receipt-check.js';
export { type RegisterProgress } from './register.js';
export { type DeferredRegistration, type Proving, type RegisterResult } from './registering.js';
export { type Following } from './ledger-copy.js';
export { type ConversationView, type MessageView } from './conversation.js';
export { type MailPages } from './mail-pages.js';
export { type MailEvent } from './mail-watch.js';
export { MESSAGE_TEXT_MAX_BYTES } from './message-content.js';
export { type Revealed, type RevealView } from './reveal.js';
export { heldView, type HeldFingerprint, type HeldView, type SettledFingerprint } from './showing.js';
export { SHARE_MAX_BYTES, type MadeShare, type OpenedShare } from './share.js';
export { parseWebhookSecret, parseWebhookUrl, Webhook, type WebhookOptions } from './webhook.js';
export { isQuiet, type EventPage, type EventPlace, type LogEvent, type WatchEvent } from './watch.js';
export {
  makeCrosscheckRequest,
  CROSSCHECK_MAX_BYTES,
  type CrosscheckQuestion,
  type MadeCrosscheckRequest,
} from './crosscheck-request.js';
export { proveCrosscheck, type CrosscheckProgress, type MadeCrosscheck } from './crosscheck-prove.js';
export { type SideSource } from './crosscheck-sides.js';
export { verifyCrosscheck, type CheckedEntry, type VerifiedCrosscheck } from './crosscheck-verify.js';
export { type Crosschecks } from './crosschecks.js';
export {
  openConvergent,
  type ConvergentEntry,
  type Difference,
  type Opened,
  type OpeningStatus,
} from './open-convergent.js';
export { type AskOptions, type Customs, type CustomsQuestion } from './customs.js';
export { CUSTOMS_RULES, type CustomsRules } from './customs-file.js';
export {
  type ComparisonStatus,
  type Conclusion,
  type CustomsPage,
  type PageComparison,
  type PageEntry,
  type PageMatch,
} from './customs-page.js';
