// The filter language: AIP-160 over the fields of Session, or of Node.
//
//   user = "alice" AND state = DETACHED     all of them; AND may be left out
//   clients.srtt > 200ms OR uid < 1000      of a repeated field: any of its members
//   title = "*vim*" NOT (held = true)       * in a string stands for anything, \* for itself
//   create_time < 2026-11-01T00:00:00Z
//   watchers:*   clients:"10.0.0.7:"        there is any; there is one that contains it
//   vim                                     in user, title, command or session_id, in any case
//   labels.rack = "b" AND state = READY     of nodes; a word is looked for in name, hostname,
//                                           endpoint and labels
//
// OR binds tighter than AND, as AIP-160 has it. Strings are compared whole and with their case; for
// `:` a part is enough. A comparison of a field that is not set is false, except with !=, which is
// the opposite of =: of a repeated field, that no member equals. Numbers, strings, bools and enums
// are never unset, but `:*` wants something other than 0, "", false.
//
// Compiled once. Pure; immutable and cheap to copy.
#ifndef MGMT_MODEL_FILTER_H_
#define MGMT_MODEL_FILTER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class Filter {
 public:
  static constexpr size_t kMaxLength = 4096;  // bytes
  static constexpr int kMaxDepth = 50;        // parentheses and negations within each other

  struct Node;

  // Lets everything through.
  Filter() = default;
  // Empty, or "*": everything. kInvalidArgument: "column 8: there is no field usr; is it user?"
  // Columns are counted in bytes from 1.
  static absl::StatusOr<Filter> Compile(absl::string_view text);

  static absl::StatusOr<Filter> CompileForNodes(absl::string_view text);

  // What it was compiled for: a Session or a Node.
  bool Matches(const google::protobuf::Message& message) const;

  bool matches_all() const { return root_ == nullptr; }
  // It looks at `usage`, which the directory's sessions lack.
  bool needs_usage() const { return needs_usage_; }
  // It looks at measurements (model/fields.h).
  bool needs_measurements() const { return needs_measurements_; }

 private:
  static absl::StatusOr<Filter> CompileFor(const google::protobuf::Descriptor* message,
                                           absl::string_view text);

  std::shared_ptr<const Node> root_;
  bool needs_usage_ = false;
  bool needs_measurements_ = false;
};

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_FILTER_H_
