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
  4;prob
  4;nn
  5;model
  6;pde
  6;ode
  6;external
  6;surrogate
  6;sampler
  6;assimilation
  6;inverse
  6;design
  6;variational
  6;generative
  6;transport
  7;campaign
)
