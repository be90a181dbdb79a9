pragma circom 2.2.0;
include "../statements/register.circom";
component main { public [membersRoot, roleMask, skippedMask, oprfKey, kind, purpose, fingerprintId, mask, period,
    quota, auditorKey, binding] } = Register();
