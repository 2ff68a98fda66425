// Sessions as people and as programs read them. Pure.
#ifndef SERVER_CONTROL_SESSION_LIST_H_
#define SERVER_CONTROL_SESSION_LIST_H_

#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/control/session_finder.h"

namespace mosh::server {

// A table with a heading; lines cut to `columns` characters unless that is 0. Ends in a newline.
std::string SessionTable(std::span<const FoundSession> sessions, absl::Time now, int columns);

// A JSON array of objects with the fields of control.proto's Session, times in microseconds since
// 1970. Ends in a newline.
std::string SessionJson(std::span<const FoundSession> sessions);

// What runs in it, in one line without control characters: its title, else its command.
std::string SessionSubject(const control::Session& session);

// "12 s", "5 min", "3 h", "4 d".
std::string RoughDuration(absl::Duration duration);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SESSION_LIST_H_
