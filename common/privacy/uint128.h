#ifndef TUTTI_COMMON_PRIVACY_UINT128_H_
#define TUTTI_COMMON_PRIVACY_UINT128_H_

namespace tutti {

// The compiler's own 128-bit integer, for products of two 64-bit ones.
using Uint128 = unsigned __int128;

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_UINT128_H_
