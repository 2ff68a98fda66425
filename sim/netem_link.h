// netem::Link as a link of the simulated network.
#ifndef SIM_NETEM_LINK_H_
#define SIM_NETEM_LINK_H_

#include "io/sim/sim_link.h"
#include "netem/conditions.h"

namespace mosh::sim {

io::sim::SimLinkFactory NetemLink(const netem::LinkConditions& conditions);

}  // namespace mosh::sim

#endif  // SIM_NETEM_LINK_H_
