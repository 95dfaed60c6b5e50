# The floors of src/: one `floor;folder` a line. A folder may include itself and strictly lower floors.
# CMake builds the folders in this order; tests/lint/floors.py checks every #include against it.
set(ALEATOR_FLOORS
  0;core
  1;kernels
  1;parallel
  1;deck
  2;math
  2;io
  3;field
  3;prob
  3;nn
  4;model
  5;pde
  5;ode
  5;external
  5;surrogate
  5;sampler
  5;assimilation
  5;inverse
  5;design
  5;variational
  5;generative
  5;transport
  6;campaign
)
