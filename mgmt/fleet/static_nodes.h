// StaticNodes: a fleet whose nodes stand in a file, one a line, and never change: for a few
// machines that need no registry.
//
//   # node  where its agent listens
//   web-1   web-1.example.org:7446
//   web-2   web-2.example.org:7446
#ifndef MGMT_FLEET_STATIC_NODES_H_
#define MGMT_FLEET_STATIC_NODES_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mgmt/fleet/fleet_nodes.h"

namespace mosh::mgmt {

class StaticNodes final : public FleetNodes {
 public:
  // `own` is "nodes/NODE", and must be among them. An error says which line and what is wrong.
  static absl::StatusOr<std::unique_ptr<StaticNodes>> Read(const std::string& path,
                                                           const std::string& own);
  // Of what such a file has in it.
  static absl::StatusOr<std::unique_ptr<StaticNodes>> Parse(const std::string& text,
                                                            const std::string& own);

  const std::map<std::string, ::mosh::fleet::v1::Node>& nodes() const override { return nodes_; }
  const std::string& problem() const override { return no_problem_; }
  // Nothing ever changes.
  std::unique_ptr<Subscription> Subscribe(std::function<void()>) override {
    return std::make_unique<Subscription>();
  }

 private:
  StaticNodes() = default;

  std::map<std::string, ::mosh::fleet::v1::Node> nodes_;
  const std::string no_problem_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_STATIC_NODES_H_
