/** Which of the side dialogs is open; any page and any key may ask. */
import { ref } from "vue";

export const isDevicesOpen = ref(false);
export const isKeysOpen = ref(false);
/** The incident whose priority is being changed. */
export const gradedId = ref<string | null>(null);
