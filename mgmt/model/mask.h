// Which fields of a Session a caller wants to see (AIP-157). Paths may go through repeated fields:
// "clients.srtt" is that field of every client. Immutable and cheap to copy.
#ifndef MGMT_MODEL_MASK_H_
#define MGMT_MODEL_MASK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class ReadMask {
 public:
  // Everything but usage.
  ReadMask();
  // No paths: everything but usage. "*": everything. The name is always among them.
  // kInvalidArgument: there is no such field, or the mask has more than 100 paths; the message says
  // which.
  static absl::StatusOr<ReadMask> Parse(const google::protobuf::FieldMask& mask);

  // What it lets through of `session`.
  fleet::Session Apply(const fleet::Session& session) const;

  bool wants_usage() const { return wants_usage_; }
  // Whether it lets a field through that changes without the session's etag doing so: round trip
  // times, counters, when a client was last heard.
  bool wants_measurements() const { return wants_measurements_; }
  // Equal for masks that let the same through.
  const std::string& key() const { return key_; }

 private:
  struct Node;

  std::shared_ptr<const Node> root_;  // null: everything
  std::string key_;
  bool wants_usage_ = false;
  bool wants_measurements_ = true;
};

// All fields of a session that are no measurements, by name; of its clients too.
google::protobuf::FieldMask AllButMeasurements();

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_MASK_H_
