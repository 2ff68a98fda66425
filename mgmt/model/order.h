// The order of a list: AIP-132's order_by over the fields of Session, such as "create_time desc,
// user". The name decides between sessions that are otherwise equal, so that the order is total and
// a page can begin behind any session, also one that is gone.
#ifndef MGMT_MODEL_ORDER_H_
#define MGMT_MODEL_ORDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mgmt/model/fields.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class Order {
 public:
  // By name.
  Order() = default;
  // kInvalidArgument: no such field, a repeated one, or more than 10; the message says which.
  static absl::StatusOr<Order> Parse(absl::string_view order_by);

  // Keys compare byte by byte as the sessions do in this order. What is not set comes first. Of
  // strings the first 256 bytes count.
  std::string Key(const fleet::Session& session) const;

  bool by_name() const { return terms_.empty(); }
  // It looks at `usage`, which the directory's sessions lack.
  bool needs_usage() const { return needs_usage_; }
  // It looks at measurements (model/fields.h).
  bool needs_measurements() const { return needs_measurements_; }

 private:
  struct Term {
    FieldPath path;
    bool descending = false;
  };

  std::vector<Term> terms_;
  bool needs_usage_ = false;
  bool needs_measurements_ = false;
};

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_ORDER_H_
