pragma circom 2.2.0;
include "../statements/crosscheck.circom";
component main { public [commitment, kind, rule, setRule, binding] } = Crosscheck();
