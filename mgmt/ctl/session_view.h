// Sessions and nodes as people read them. Pure; everything in it is harmless.
#ifndef MGMT_CTL_SESSION_VIEW_H_
#define MGMT_CTL_SESSION_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "mgmt/ctl/table.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt::ctl {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);

// What runs in it: its title, else its command.
std::string Subject(const ::mosh::fleet::v1::Session& session);
// "attached", "detached 5 min", "unheard 20 s"; with ", held" if it is.
std::string StateText(const ::mosh::fleet::v1::Session& session, absl::Time now);
const char* StateStyle(const ::mosh::fleet::v1::Session& session);
// Of the first client, and how many others there are; "-" without one.
std::string ClientText(const ::mosh::fleet::v1::Session& session);

// The worst of its clients' links. Loss from 0 to 1, the worse direction.
std::optional<absl::Duration> WorstRoundTrip(const ::mosh::fleet::v1::Session& session);
std::optional<double> WorstLoss(const ::mosh::fleet::v1::Session& session);
std::string RoundTripText(std::optional<absl::Duration> round_trip);
std::string LossText(std::optional<double> loss);
const char* RoundTripStyle(std::optional<absl::Duration> round_trip);
const char* LossStyle(std::optional<double> loss);

// Rows of FormatTable, the heading first.
std::vector<std::vector<Cell>> SessionRows(
    const google::protobuf::RepeatedPtrField<::mosh::fleet::v1::Session>& sessions, bool wide,
    absl::Time now);
std::vector<std::vector<Cell>> NodeRows(const ::mosh::fleet::v1::Node& node, absl::Time now);
// Of a fleet, by the same heading.
std::vector<std::vector<Cell>> FleetRows(
    const google::protobuf::RepeatedPtrField<::mosh::fleet::v1::Node>& nodes, absl::Time now);
std::vector<std::vector<Cell>> HostRows(const ::mosh::fleet::v1::Node& node, absl::Time now);

// All of one session, a fact a line.
std::string Describe(const ::mosh::fleet::v1::Session& session, absl::Time now, bool colors);

// "web-1" of nodes/web-1/sessions/ab12; empty: that is no session's name.
std::string NodeOf(const ::mosh::fleet::v1::Session& session);
// "nodes/a, nodes/b and 7 others don't answer: their", to be followed by what of theirs. Empty: all
// answer.
std::string UnreachableText(const google::protobuf::RepeatedPtrField<std::string>& names);

// One line each.
std::string NodeEventLine(const ::mosh::fleet::v1::NodeEvent& event, absl::Time now, bool colors);
std::string EventLine(const ::mosh::fleet::v1::SessionEvent& event, bool with_node, absl::Time now,
                      bool colors);
std::string AuditLine(const ::mosh::fleet::v1::AuditEntry& entry, bool with_node, bool colors);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SESSION_VIEW_H_
