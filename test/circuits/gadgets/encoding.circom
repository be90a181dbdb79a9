pragma circom 2.2.0;
include "../../../circuits/lib/encode-to-curve.circom";
component main = EncodeToCurve();
