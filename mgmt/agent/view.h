// View: the sessions that a request is about, and where they are: of this node, of another, or of
// the whole fleet.
#ifndef MGMT_AGENT_VIEW_H_
#define MGMT_AGENT_VIEW_H_

#include <memory>
#include <string>

#include "mgmt/fleet/fleet_sessions.h"
#include "mgmt/model/directory.h"

namespace mosh::mgmt {

inline FleetSessions::Detail DetailFor(bool measurements) {
  return measurements ? FleetSessions::Detail::kMeasured : FleetSessions::Detail::kPlain;
}

struct View {
  // Of other nodes too, so by way of FleetSessions.
  bool fleet = false;
  std::string scope;    // then: "nodes/NODE", or empty: all
  bool has_own = true;  // this node's are among them
  std::string prefix;   // of their names
  // Plain: nobody will look at measurements of other nodes' sessions.
  FleetSessions::Detail detail = FleetSessions::Detail::kMeasured;

  // Once it is open. What of a fleet is in the directory stays there as long as the wish lives.
  std::unique_ptr<FleetSessions::Wish> wish;
  Directory* directory = nullptr;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_VIEW_H_
