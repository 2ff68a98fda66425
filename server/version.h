// What the server calls itself. The first line of the banner is read by people and by tools:
// "PROGRAM (mosh-fleet VERSION)".
#ifndef SERVER_VERSION_H_
#define SERVER_VERSION_H_

#include "base/version.h"

namespace mosh::server {

inline constexpr char kProgramName[] = "mosh-server";
inline constexpr char kVersion[] = MOSH_FLEET_VERSION;
inline constexpr char kVersionBanner[] =
    "mosh-server (mosh-fleet " MOSH_FLEET_VERSION ")\n"
    "Copyright 2026 The mosh-fleet authors\n"
    "License Apache-2.0: Apache License, version 2.0 "
    "<https://www.apache.org/licenses/LICENSE-2.0>.\n"
    "This is free software: you are free to change and redistribute it.\n"
    "There is NO WARRANTY, to the extent permitted by law.\n";

}  // namespace mosh::server

#endif  // SERVER_VERSION_H_
