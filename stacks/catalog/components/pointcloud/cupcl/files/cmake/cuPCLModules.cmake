# The libraries: libcuda<module>.so in a folder of NVIDIA's repository, and the
# header of each.
set(cuPCL_MODULES icp filter segmentation octree cluster ndt)

set(cuPCL_icp_FOLDER cuICP)
set(cuPCL_icp_HEADER cudaICP.h)
set(cuPCL_filter_FOLDER cuFilter)
set(cuPCL_filter_HEADER cudaFilter.h)
set(cuPCL_segmentation_FOLDER cuSegmentation)
set(cuPCL_segmentation_HEADER cudaSegmentation.h)
set(cuPCL_octree_FOLDER cuOctree)
set(cuPCL_octree_HEADER cudaOctree.h)
set(cuPCL_cluster_FOLDER cuCluster)
set(cuPCL_cluster_HEADER cudaCluster.h)
set(cuPCL_ndt_FOLDER cuNDT)
set(cuPCL_ndt_HEADER cudaNDT.h)
