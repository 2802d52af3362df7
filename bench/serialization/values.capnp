# The values of values.h for Cap'n Proto.
@0xa6b2f1c93d5e7084;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("manta::bench::packed");

struct Vec3 { x @0 :Float32; y @1 :Float32; z @2 :Float32; }
enum Color { red @0; green @1; blue @2; }
struct Weapon { name @0 :Text; damage @1 :Int16; }
struct Monster {
  pos @0 :Vec3;
  mana @1 :Int16;
  hp @2 :Int16;
  name @3 :Text;
  inventory @4 :Data;
  color @5 :Color;
  weapons @6 :List(Weapon);
  equipped @7 :Weapon;
  path @8 :List(Vec3);
}
struct Monsters { list @0 :List(Monster); }

struct Rows { list @0 :List(List(Float64)); }

struct Entry { key @0 :Text; value @1 :Int32; }
struct Dictionary { list @0 :List(Entry); }
