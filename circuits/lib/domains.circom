pragma circom 2.2.0;

// The first input of every hash that has no fixed shape of its own (protocol section 3).
// The same numbers stand in src/crypto/poseidon.ts; a test compares the two.

function DOMAIN_COMMITMENT() { return 2; }
function DOMAIN_IDENTITY() { return 3; }
function DOMAIN_DOCUMENT_KEY() { return 4; }
function DOMAIN_TAG() { return 5; }
function DOMAIN_MEMBER_ID() { return 6; }
function DOMAIN_MEMBER_LEAF() { return 7; }
function DOMAIN_NULLIFIER() { return 8; }
function DOMAIN_ESCROW_PAD() { return 9; }
function DOMAIN_DLEQ_CHALLENGE() { return 10; }

// Sizes that several gadgets share.

function SLOTS() { return 16; }
function SCALAR_BITS() { return 251; }
function CHALLENGE_BITS() { return 128; }
function MEMBERS_DEPTH() { return 16; }
function INDEX_BITS() { return 16; }
