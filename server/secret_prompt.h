// Whether a program asks for something secret, by how it has set its terminal. Source: termios(3);
// what programs do was observed (docs/recording.md). Pure.
//
// Echo that is off says too little: line editors and full-screen programs turn it off because they
// draw what is typed themselves. But those also take Return as it comes, while a question for a
// password leaves it a newline: "read -s", also of single keys, getpass, passwd, openssl. So this
// can be wrong about a program that draws a password field of its own, and about a pager, whose
// keys count as secret.
#ifndef SERVER_SECRET_PROMPT_H_
#define SERVER_SECRET_PROMPT_H_

#include <termios.h>

namespace mosh::server {

bool AsksForSecret(const termios& settings);

}  // namespace mosh::server

#endif  // SERVER_SECRET_PROMPT_H_
