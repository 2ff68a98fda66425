// The release, in one place: both programs print it.
#ifndef BASE_VERSION_H_
#define BASE_VERSION_H_

// A macro, so that it can be part of string literals.
#define MOSH_FLEET_VERSION "0.1.0"

#endif  // BASE_VERSION_H_
