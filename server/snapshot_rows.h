// A screen's cells with their attributes, as the control socket tells them.
#ifndef SERVER_SNAPSHOT_ROWS_H_
#define SERVER_SNAPSHOT_ROWS_H_

#include "server/control/control.pb.h"
#include "term/screen.h"

namespace mosh::server {

// One Row for each row of the screen. Cells that look alike are one Run, unless their text is so
// long that a Run of it would not fit into a packet.
void AddRows(const term::Screen& screen, control::Snapshot* snapshot);

}  // namespace mosh::server

#endif  // SERVER_SNAPSHOT_ROWS_H_
