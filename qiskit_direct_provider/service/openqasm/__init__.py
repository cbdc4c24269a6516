"""OpenQASM 3 as devices run it: checked in linear time, then read into circuits."""
