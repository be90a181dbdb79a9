pragma circom 2.2.0;
include "../statements/drawdown.circom";
component main { public [opening, commitment, kind, slot, capacity, chain, wPrevious, headroomPrevious, binding] } =
    Drawdown();
