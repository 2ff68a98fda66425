// Drains and limits as people read and write them. Pure; everything in it is harmless.
#ifndef MGMT_CTL_NODE_VIEW_H_
#define MGMT_CTL_NODE_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "mgmt/ctl/table.h"
#include "mosh/fleet/v1/drain.pb.h"
#include "mosh/fleet/v1/limit_policy.pb.h"
#include "mosh/fleet/v1/operation_service.pb.h"

namespace mosh::mgmt::ctl {

// "90" (seconds), "15m", "1h30m", "7d"; "off" and "0" are nothing. Whole seconds.
std::optional<absl::Duration> ParseSpan(absl::string_view text);
// The same the other way: "1h30m", "off".
std::string SpanText(absl::Duration span);

// The last segment of a resource name.
std::string LastSegment(absl::string_view name);
// The node of "nodes/NODE/…".
std::string NodeOf(absl::string_view name);

// "3 of 5 sessions left, 9m58s to go"
std::string DrainProgress(const ::mosh::fleet::v1::DrainNodeMetadata& drain, absl::Time now);
// The same behind a bar of the sessions that have ended.
std::string DrainBar(const ::mosh::fleet::v1::DrainNodeMetadata& drain, absl::Time now);
// "n1 is drained: 2 sessions ended, 3 were terminated, 0 are left"; of one that is done.
std::string DrainOutcome(const ::mosh::fleet::v1::Operation& operation);

// Rows of FormatTable, the heading first.
std::vector<std::vector<Cell>> OperationRows(
    const google::protobuf::RepeatedPtrField<::mosh::fleet::v1::Operation>& operations,
    absl::Time now);
std::vector<std::vector<Cell>> PolicyRows(
    const google::protobuf::RepeatedPtrField<::mosh::fleet::v1::LimitPolicy>& policies);

// All of one, a fact a line.
std::string DescribeOperation(const ::mosh::fleet::v1::Operation& operation, absl::Time now);
std::string DescribePolicy(const ::mosh::fleet::v1::LimitPolicy& policy, absl::Time now);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_NODE_VIEW_H_
