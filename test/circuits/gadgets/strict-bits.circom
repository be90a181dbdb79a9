pragma circom 2.2.0;
include "circomlib/circuits/bitify.circom";
component main = Num2Bits_strict();
