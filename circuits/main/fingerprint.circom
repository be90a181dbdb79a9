pragma circom 2.2.0;
include "../statements/fingerprint.circom";
component main { public [commitment, kind, purpose, fingerprintId, mask, ofElement, oprfKey, membersRoot, roleMask,
    convergent, nullifier, binding] } = Fingerprint();
