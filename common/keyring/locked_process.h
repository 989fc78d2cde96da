#ifndef TUTTI_COMMON_KEYRING_LOCKED_PROCESS_H_
#define TUTTI_COMMON_KEYRING_LOCKED_PROCESS_H_

namespace tutti {

// Keeps all memory of the process out of swap, what it has and what it comes to have.
// Keys stand in SecretBytes for as long as they are in use; but the keyring's message,
// while it is parsed, and OpenSSL's states of HMAC, from which digests can be made,
// stand in the heap, which nothing else locks. False, and nothing is changed, when the
// process has a limit on locked memory (RLIMIT_MEMLOCK) that it may not exceed: it would
// find no memory at all above it. What is locked reaches swap by hibernation alone.
bool LockProcess();

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_LOCKED_PROCESS_H_
