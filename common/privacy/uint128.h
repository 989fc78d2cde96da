#ifndef TUTTI_COMMON_PRIVACY_UINT128_H_
#define TUTTI_COMMON_PRIVACY_UINT128_H_

namespace tutti {

// The compiler's own 128-bit integer, for products of two 64-bit ones.
__extension__ typedef unsigned __int128 Uint128;

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_UINT128_H_
