#include "mgmt/fleet/registered_nodes.h"

#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

TEST(RegisteredNodes, AreThoseWhoseAgentsLive) {
  ::mosh::fleet::v1::Node node;
  node.set_endpoint("h:1");
  const std::string text = node.SerializeAsString();
  const etcd::Snapshot snapshot = {.values = {{"/f/nodes/a", text},
                                              {"/f/nodes/a/alive", "x"},
                                              {"/f/nodes/dead", text},
                                              {"/f/nodes/odd", "\xff\xff"},
                                              {"/f/nodes/odd/alive", "x"},
                                              {"/f/nodes/unrecorded/alive", "x"}}};
  const auto nodes = LivingNodes(snapshot, "/f/");
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].name(), "nodes/a");
  EXPECT_EQ(nodes[0].endpoint(), "h:1");
}

}  // namespace
}  // namespace mosh::mgmt
